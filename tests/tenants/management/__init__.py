"""Tests of tenants/management."""
