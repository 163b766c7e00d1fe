"""Owns the methods of the registry that tell others: audits, pages that live in documents, exports."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlreg.errors import UsageError
from mlreg.lazy import LazyModule
from mlreg.store.blobs import Progress, no_progress

if TYPE_CHECKING:
    from mlreg import auditing, documenting, exporting
    from mlreg.answers import audited, carded, documented, exported
    from mlreg.bench import Bench
else:
    auditing = LazyModule("mlreg.auditing")
    documenting = LazyModule("mlreg.documenting")
    exporting = LazyModule("mlreg.exporting")

PathLike = str | os.PathLike[str]


class ReportVerbs:
    """What a registry writes for those who do not type commands."""

    _bench: Bench

    def audit(
        self,
        name: str,
        *,
        since: str | None = None,
        until: str | None = None,
        format: str = "markdown",
        file: PathLike | None = None,
        dry_run: bool = False,
    ) -> audited.Audited:
        """Reports what happened to a model in a period, on whose word and with what evidence.

        Args:
            since: From when on: a span as `90d`, a date or a time. By default from the first event.
            until: Up to the end of that UTC day, or to that time. By default up to now.
            format: `markdown`, `json`, `csv` or `html`, of the text of the answer.
            file: Where it is written, in place of what is there.

        Raises:
            NotFoundError: There is no such model, or it was not there yet.
            UsageError: A moment or the format means nothing.
            IntegrityError: An event or a record is damaged.
        """
        return auditing.tell(self._bench, name, since=since, until=until, format=format, file=file, dry_run=dry_run)

    def docs(self, files: Sequence[PathLike], *, dry_run: bool = False) -> documented.Documented:
        """Writes anew what stands between the markers of documents: pages of models, histories of deployments.

        `model_catalog.yaml` and `lineage_graph.json` are written whole, and `deployment_history.md` is made.

        Raises:
            NotFoundError: There is no such file, or no such model as a section asks for.
            UsageError: A section means nothing, or has no end; file and line are named.
        """
        return documenting.sync(self._bench, files, dry_run=dry_run)

    def check_docs(self, files: Sequence[PathLike]) -> documented.Documented:
        """Tells which documents are not as `docs` would write them; writes nothing.

        Raises:
            NotFoundError: There is no such file, or no such model as a section asks for.
            UsageError: A section means nothing, or has no end; file and line are named.
        """
        return documenting.check(self._bench, files)

    def export(
        self,
        name: str | None = None,
        version: str | None = None,
        *,
        layout: str | None = None,
        format: str | None = None,
        to: PathLike | None = None,
        dry_run: bool = False,
        progress: Progress = no_progress,
    ) -> exported.Exported:
        """Hands versions on to other tools: in a layout that they know, or as a document about one version.

        Args:
            name: A model, with all its versions, or a reference to one of them; None: all of the repository.
            layout: `devskyy`, `specweave`, `flat` or `brixa`; then `to` is a directory.
            format: `cyclonedx`, `deployment` or `huggingface`; then `to` is a file, in place of what is there, or None.

        Raises:
            UsageError: Neither a layout nor a format is asked for, or both; there is no such one.
            NotFoundError: There is no such model or version.
            ConflictError: A file of another content is where a model's would go.
            IntegrityError: Bytes of the repository are damaged.
        """
        if format is not None and layout is None and name is not None:
            return exporting.describe(self._bench, name, version, format=format, file=to, dry_run=dry_run)
        if layout is not None and format is None and to is not None:
            return exporting.lay_out(
                self._bench, name, version, layout=layout, directory=to, dry_run=dry_run, progress=progress
            )
        raise UsageError("a layout goes to a directory, a format is of one version", hint="see `mlreg export --help`")

    def card(
        self, name: str, version: str | None = None, *, file: PathLike | None = None, dry_run: bool = False
    ) -> carded.Card:
        """Makes the model card of a version, as the Hugging Face Hub reads it; writes it to `file`, if one is named.

        Raises:
            NotFoundError: There is no such model or version.
            MissingError: Approvals of it are signed, and there is no `ssh-keygen`.
        """
        return exporting.card(self._bench, name, version, file=file, dry_run=dry_run)
