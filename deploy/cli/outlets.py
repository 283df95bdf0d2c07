"""The commands of the outlets: export and dashboards."""
