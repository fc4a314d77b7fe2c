"""Resource names: taken apart and put together in one place."""

from __future__ import annotations


def capability_name(country: str, code: str) -> str:
    """Returns a capability's name."""
    return f"countries/{country}/capabilities/{code}"


def agreement_name(request: str) -> str:
    """Returns the name of the agreement that a request's approval makes."""
    return request.replace("/accessRequests/", "/accessAgreements/")


def request_name(agreement: str) -> str:
    """Returns the name of the request that made an agreement."""
    return agreement.replace("/accessAgreements/", "/accessRequests/")


def report_name(country: str, capability: str) -> str:
    """Returns the name of a country's uptake report about a capability."""
    _, owner, _, code = capability.lower().split("/")
    return f"countries/{country}/uptakeReports/{owner}-{code}"
