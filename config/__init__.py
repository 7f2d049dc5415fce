"""Project configuration: settings, entry points, periodic schedule."""
