"""Which heads are known for which relation, and how one head does on one sentence; numpy only."""
