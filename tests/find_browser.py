"""Find a Chromium for the browser tests, or install one: $BROWSER_PATH, the PATH, apt, then playwright's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """Path of a Chromium, or None."""
    if path := os.environ.get("BROWSER_PATH"):
        return path if Path(path).is_file() else None
    for name in NAMES:
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None


def install() -> None:
    """Debian's chromium where apt-get works without a password, else playwright's."""
    if shutil.which("apt-get"):
        prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
        if subprocess.run([*prefix, "apt-get", "update", "-qq"], check=False).returncode == 0:
            fonts = ["fonts-noto-cjk", "fonts-noto-color-emoji"]
            command = [*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", *fonts]
            if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0:
                return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    if find() is None:
        install()
    path = find()
    if path is None:
        sys.exit("No Chromium found and none could be installed. Set BROWSER_PATH to one.")
    print(f"browser: {path}")
