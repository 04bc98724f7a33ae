//! Facts about rendering that are worth a sentence; the comparison with Ansible itself is in `tests/template`.
