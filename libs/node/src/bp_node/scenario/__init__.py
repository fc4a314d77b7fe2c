"""One working day through three gateways, as front ends would live it; each promise of the platform is a check."""
