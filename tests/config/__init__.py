"""Tests of the configuration: embedded servers, the one command, deployment files."""
