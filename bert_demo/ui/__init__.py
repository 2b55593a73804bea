"""The page. TABS in `ui.app` lists the lenses in order; this is the only room that knows gradio."""
