"""Lists of runs are ordered by `created_at`: that of a delayed run lies in the future. Replays read a thread's resumable runs in order."""

from django.db import migrations, models
from django.db.models import Q

from tenants.database.operations import AddIndexOnline


class Migration(migrations.Migration):
    """In no transaction, so that nobody is kept from writing. The old index goes last: whoever lists meanwhile has one of them."""

    atomic = False
    dependencies = [("runs", "0003_thread_stream")]
    operations = [
        AddIndexOnline("run", models.Index(fields=["tenant_id", "thread_id", "epoch_ms"], condition=Q(resumable=True), name="run_replay")),
        AddIndexOnline("run", models.Index(fields=["tenant_id", "thread_id", "-created_at", "-seq"], name="run_newest")),
        migrations.RemoveIndex("run", "run_list"),
    ]
