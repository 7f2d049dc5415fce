"""Tests of tenants/database."""
