"""Checks of the Terraform configuration that need neither a cloud nor Terraform's registry.

Enters: `infra/terraform`. Leaves: a list of problems, each with the file, what was seen and what
was expected. `python -m checks` runs all of them; `make check-infra` brings what they need.
"""
