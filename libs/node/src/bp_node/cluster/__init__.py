"""A node on Kubernetes, seen and kept by its operator: what `bluepacific cluster …` does."""
