"""What stands between a task and a service: endpoints, and rules of security groups."""

from collections.abc import Iterable, Sequence

from airside.runtime.aws.deployment import Deployment

ECS_ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "s3")
"""What a task needs before it can start at all."""


def obstacle(
    deployment: Deployment,
    subnets: Sequence[str],
    groups: Sequence[str],
    services: Iterable[str],
) -> tuple[str, str] | None:
    """Find what keeps a task from services: the likely cause, and what to do.

    Args:
        deployment: Whose network it is.
        subnets: Where the task runs.
        groups: The task's security groups.
        services: What it has to reach, as endpoints are named: `kinesis-streams`.
    """
    ask = deployment.account.ask
    found = ask("ec2", "describe_subnets", SubnetIds=list(subnets))["Subnets"]
    if not found:
        return "its subnets have gone", "terraform apply"
    endpoints = ask(
        "ec2",
        "describe_vpc_endpoints",
        Filters=[{"Name": "vpc-id", "Values": [found[0]["VpcId"]]}],
    )["VpcEndpoints"]
    by_service = {each["ServiceName"].split(".", 3)[-1]: each for each in endpoints}
    for service in services:
        endpoint = by_service.get(service)
        if endpoint is None:
            return (
                f"the network has no endpoint for {service}",
                f"add the endpoint {service} to the network, in the task's subnets",
            )
        admitting = [group["GroupId"] for group in endpoint.get("Groups", ())]
        if admitting and not is_admitted(deployment, admitting, groups, 443):
            return (
                (
                    f"the security group of the endpoint for {service} "
                    f"({', '.join(admitting)}) does not admit the task's "
                    f"({', '.join(groups)}) on port 443"
                ),
                (
                    "add an ingress rule for the task's group; where both are one group, a rule "
                    "for itself"
                ),
            )
    return None


def is_admitted(
    deployment: Deployment, into: Sequence[str], groups: Sequence[str], port: int
) -> bool:
    """Whether security groups admit members of others on a TCP port."""
    rules = deployment.account.ask(
        "ec2",
        "describe_security_group_rules",
        Filters=[{"Name": "group-id", "Values": list(into)}],
    )["SecurityGroupRules"]
    return any(
        not rule["IsEgress"]
        and rule["IpProtocol"] in {"tcp", "-1"}
        and (rule["IpProtocol"] == "-1" or rule["FromPort"] <= port <= rule["ToPort"])
        and (
            rule.get("ReferencedGroupInfo", {}).get("GroupId") in groups
            or "CidrIpv4" in rule
            or "CidrIpv6" in rule
        )
        for rule in rules
    )
