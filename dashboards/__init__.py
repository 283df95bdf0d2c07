"""The Grafana dashboards and their publisher. The only room that knows the Grafana client."""
