"""Looks at a deployment on AWS, stage by stage, and changes nothing there."""
