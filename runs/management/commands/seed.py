"""`manage.py seed`: a first tenant and key for development."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from tenants.actors import Role, system_actor
from tenants.database.context import acting_for
from tenants.exceptions import NotAuthenticated
from tenants.models import Tenant
from tenants.services.api_keys import authenticate, create_key
from tenants.services.tenants import create_tenant

SLUG = "acme"


class Command(BaseCommand):
    """Make what is missing."""

    help = "Make the tenant 'acme' and an API key of the role admin. A valid HOLDFAST_SEED_KEY is answered instead of a new one."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--json`."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        now = timezone.now()
        tenant = Tenant.objects.using("system").filter(slug=SLUG).first() or create_tenant(name="Acme", slug=SLUG)
        try:
            authenticate(settings.SEED_KEY, now=now)
            secret = settings.SEED_KEY
        except NotAuthenticated:
            with acting_for(tenant.tenant_id):
                _, secret = create_key(actor=system_actor(tenant.tenant_id, "seed"), name="first key", role=Role.ADMIN, now=now)
        answer = {"tenant": tenant.slug, "api_key": secret}
        self.stdout.write(json.dumps(answer) if options["json"] else f"tenant {answer['tenant']}\nAPI key {answer['api_key']}")
