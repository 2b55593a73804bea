"""Long pre-training of a bundled encoder: nothing padded, in bfloat16 where the processor has it, resumable at a step.

Read in this order: schedule, order, flat, encoder, prefetch, checkpoints, stopping, run, plans, command.
"""
