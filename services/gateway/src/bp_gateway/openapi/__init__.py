"""The OpenAPI 3.1 document, derived from descriptors, their options and their comments."""

from bp_gateway.openapi.document import openapi_document

__all__ = ["openapi_document"]
