"""HTTP shared by all apps, and of tenants."""
