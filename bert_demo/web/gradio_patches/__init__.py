"""Every use of a private part of gradio. docs/decisions/0062-gradio-patches.md says why each is left.

Each file names the version that it was read against; tests/unit/web/test_gradio_patches.py fails on another.
"""

READ_AGAINST = "6.31.0"
"""The version of gradio whose code these files know."""
