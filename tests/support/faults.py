"""A boto3 client that fails when a test says so."""

from collections.abc import Callable
from typing import Any

import botocore.exceptions

Fault = Callable[[Callable[..., Any], dict[str, Any]], Any]
"""Gets the real operation and its parameters; gives an answer or raises."""


def refuses(code: str, message: str = "said so", status: int = 400) -> Fault:
    """The service answers with an error."""

    def fault(_operation: Callable[..., Any], _parameters: dict[str, Any]) -> Any:
        raise botocore.exceptions.ClientError(
            {
                "Error": {"Code": code, "Message": message},
                "ResponseMetadata": {"HTTPStatusCode": status},
            },
            "Operation",
        )

    return fault


def lost_request(_operation: Callable[..., Any], _parameters: dict[str, Any]) -> Any:
    """The connection ends before the service has heard anything."""
    raise botocore.exceptions.EndpointConnectionError(endpoint_url="http://lost")


def lost_answer(operation: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    """The service does it, and the answer never comes."""
    operation(**parameters)
    raise botocore.exceptions.ConnectionClosedError(endpoint_url="http://lost")


def takes_only(*indices: int) -> Fault:
    """PutRecords takes these entries, and refuses the others."""

    def fault(operation: Callable[..., Any], parameters: dict[str, Any]) -> Any:
        entries = parameters["Records"]
        taken = [entries[index] for index in indices]
        results = iter(operation(**{**parameters, "Records": taken})["Records"] if taken else [])
        refused = {
            "ErrorCode": "ProvisionedThroughputExceededException",
            "ErrorMessage": "Rate exceeded for shard",
        }
        return {
            "FailedRecordCount": len(entries) - len(taken),
            "Records": [
                next(results) if index in indices else refused for index in range(len(entries))
            ],
        }

    return fault


def answers(answer: dict[str, Any]) -> Fault:
    """The service answers this, whatever it is asked."""
    return lambda _operation, _parameters: answer


def changed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    """The service's own answer, changed."""
    return lambda operation, parameters: change(operation(**parameters))


class Faulty:
    """Hands calls on to a client, and lets the next ones of an operation fail as told."""

    def __init__(self, service: Any) -> None:
        self._service = service
        self._faults: dict[str, list[Fault | None]] = {}
        self._always: dict[str, Fault] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    @property
    def meta(self) -> Any:
        return self._service.meta

    def then(self, operation: str, *faults: Fault | None) -> None:
        """The next calls of an operation fail so, one after the other; None lets one succeed."""
        self._faults.setdefault(operation, []).extend(faults)

    def always(self, operation: str, fault: Fault | None) -> None:
        """Every call of an operation fails so, until told otherwise by None."""
        if fault is None:
            del self._always[operation]
        else:
            self._always[operation] = fault

    def made(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of all calls of an operation."""
        return [parameters for name, parameters in self.calls if name == operation]

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        real = getattr(self._service, operation)

        def call(**parameters: Any) -> Any:
            self.calls.append((operation, parameters))
            waiting = self._faults.get(operation)
            fault = waiting.pop(0) if waiting else self._always.get(operation)
            return real(**parameters) if fault is None else fault(real, parameters)

        return call
