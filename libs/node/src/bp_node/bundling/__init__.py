"""A release on a stick: everything for an installation without internet, signed, with only what changed since an earlier one if asked.

A bundle is a folder: `manifest.json`, its signature, and `files/`, where each content stands once under its SHA-256, compressed. Images
are taken apart into their layers and put together again, so a layer that did not change need not travel twice.
"""
