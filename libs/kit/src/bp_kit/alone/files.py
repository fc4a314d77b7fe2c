"""Where a process finds the node's files by content: a folder that its services share, or a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bp_kit.alone.settings import PodSettings
from bp_kit.alone.trouble import CannotStartError
from bp_kit.blobs import BlobStore
from bp_kit.errors import Refused

if TYPE_CHECKING:
    from obstore.store import S3Store


def blobs_of(pod: PodSettings) -> BlobStore:
    """Returns the node's files.

    Raises:
        CannotStartError: What the settings say of a bucket cannot be used.
        OSError: The folder cannot be made.
    """
    if not pod.blobs_bucket:
        return BlobStore(pod.blobs_dir)
    # Loaded by whoever has a bucket: it takes 10 MB.
    from bp_kit.bucket import BucketStore  # noqa: PLC0415 - as said

    return BucketStore(_bucket_of(pod), pod.blobs_dir)


def _bucket_of(pod: PodSettings) -> S3Store:
    from bp_kit.bucket import open_bucket  # noqa: PLC0415 - as above

    try:
        return open_bucket(
            pod.blobs_bucket, endpoint=pod.blobs_endpoint, region=pod.blobs_region, keys=pod.blobs_keys_dir
        )
    except OSError as error:
        raise CannotStartError(f"BP_POD__BLOBS_KEYS_DIR: {error.filename} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CannotStartError(f"BP_POD__BLOBS_BUCKET: {error}") from error


async def check_blobs(pod: PodSettings) -> None:
    """Looks whether the files can be used.

    Raises:
        CannotStartError: They cannot.
    """
    if not pod.blobs_dir.is_dir():
        raise CannotStartError(f"BP_POD__BLOBS_DIR: {pod.blobs_dir} is not there")
    if pod.blobs_bucket:
        from bp_kit.bucket import reach  # noqa: PLC0415 - as above

        try:
            await reach(_bucket_of(pod))
        except Refused as error:
            raise CannotStartError(f"BP_POD__BLOBS_BUCKET: {pod.blobs_bucket} cannot be used") from error
