"""From a task's source to checked Arrow tables with the kind's own column names."""
