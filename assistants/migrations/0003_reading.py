"""What reading needs: drawings and schemas of subgraphs on a graph's row, an index for each order of a search.

Rows of graphs never change, so those that are there keep null in the new columns. They are not refilled: the form of the record is part of
a revision (`registry/source.py: FORM`), so the first process with this code writes rows of new revisions, and those of before stay what they
were for processes that still run the old code, whose inserts leave the columns out.
"""

from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Lower

from tenants.database.operations import AddIndexOnline

ALIVE = Q(deleted_at=None)


class Migration(migrations.Migration):
    """In no transaction, so that nobody is kept from writing."""

    atomic = False
    dependencies = [("assistants", "0002_walls")]
    operations = [
        migrations.AddField("graph", "xray", models.JSONField(null=True)),
        migrations.AddField("graph", "subgraphs", models.JSONField(null=True)),
        AddIndexOnline(
            "assistant",
            models.Index(fields=["tenant_id", "-created_at", "assistant_id"], condition=ALIVE, name="assistant_created"),
        ),
        AddIndexOnline(
            "assistant",
            models.Index(fields=["tenant_id", "-updated_at", "assistant_id"], condition=ALIVE, name="assistant_updated"),
        ),
        AddIndexOnline(
            "assistant",
            models.Index(fields=["tenant_id", "graph_id", "-created_at", "assistant_id"], condition=ALIVE, name="assistant_graph"),
        ),
        AddIndexOnline("assistant", models.Index(fields=["tenant_id", "assistant_id"], condition=ALIVE, name="assistant_alive")),
        AddIndexOnline(
            "assistant",
            models.Index(F("tenant_id"), Lower("name").desc(), F("assistant_id"), condition=ALIVE, name="assistant_name"),
        ),
        migrations.RemoveIndex("assistant", "assistant_list"),
    ]
