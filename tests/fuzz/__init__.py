"""Requests made from the OpenAPI document."""
