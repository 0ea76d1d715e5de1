"""The silver job on AWS Glue: brings Glue's session and arguments; the rest is in the wheel.

Arguments: --stream_arn, --lake_url, --checkpoint_url, and if wanted --connector, --window_seconds,
--dedupe_horizon_hours, --dedupe_max_ids. The wheel comes by --additional-python-modules. See
docs/spark.md.
"""

import sys
from functools import partial

import boto3
from awsglue.context import GlueContext
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

from airside.silver.spark import glue
from airside.silver.spark.kinesis import check_shards
from airside.silver.spark.workers import lake_at

arguments = glue.JobArguments.parse(getResolvedOptions(sys.argv, glue.given_arguments(sys.argv)))
kinesis = boto3.client("kinesis", region_name=arguments.region)
for page in kinesis.get_paginator("list_shards").paginate(StreamName=arguments.stream):
    check_shards(page["Shards"])

spark = GlueContext(SparkContext.getOrCreate()).spark_session
records = glue.read_stream(spark, arguments)
query = glue.start(spark, arguments, records, partial(lake_at, arguments.lake_url))
query.awaitTermination()
