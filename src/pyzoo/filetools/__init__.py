"""What the operator's file tools say: logs and snapshots as text, compared, repaired and verified."""
