"""The role's template as the module renders it, beside what `ansible.builtin.template` makes of it."""

import os
import sys

from controller import PROJECT, ROLE

TEMPLATE = PROJECT / f"roles/{ROLE}/templates/docker-compose.override.yml.j2"
DEFAULTS = PROJECT / f"roles/{ROLE}/defaults/main.yaml"
FACTS = {"ansible_processor_vcpus": os.cpu_count(), "ansible_memtotal_mb": 15999}

# What differs from the defaults of the role.
SAMPLES = {
    "defaults": {},
    "no_images": {"cross_compile": {"containers": {"base_builder": "", "envoy_builder": "", "ci_builder": ""}}},
    "more_images": {"cross_compile": {"containers": {
        "zz_builder": "quay.io/x/zz:1@sha256:" + "a" * 64, "dev_environment": "dev:2", "a_b_c": "localhost/y:1",
    }}},
    "awkward_paths": {"cross_compile": {
        "base_dir": "/srv/it's $HOME", "artifacts_dir": "/srv/a: b", "cache_dir": "/srv/c#d", "workspace_dir": "/srv/ä",
    }},
    "other_registry": {"cross_compile": {"registry": "r.example.org:5000/a/b/"}},
    "envoy": {"envoy_build": {
        "version": "v1.2", "memory_allocator": "jemalloc", "build_config": "debug", "parallel_jobs": 3,
        "create_deb_package": False,
    }},
    "network": {"cross_compile": {"container": {"network_name": "1.no_other-network"}}},
}


def the_roles_template_renders_as_ansible_renders_it(controller, station):
    """Plays both for every sample at once, and compares byte by byte."""
    merged = "{{ lookup('ansible.builtin.file', defaults) | from_yaml | combine(samples[item], recursive=true) }}"
    # The controller renders; any Python will do to write the file.
    ansibles = {
        "ansible.builtin.template": {"src": str(TEMPLATE), "dest": f"{controller.directory}/{{{{ item }}}}.yml"},
        "vars": {
            "ansible_python_interpreter": sys.executable,
            "both": merged,
            "cross_compile": "{{ both.cross_compile }}",
            "envoy_build": "{{ both.envoy_build }}",
            **FACTS,
        },
    }
    ours = {
        "cross_compile": "{{ options }}",
        "check_mode": True,
        "diff": True,
        "vars": {
            "both": merged,
            "source": "{{ lookup('ansible.builtin.file', template, rstrip=false) }}",
            "options": "{{ both.cross_compile | combine(wanted) }}",
            "wanted": {
                # The override needs a checkout, be it one that the same run would make.
                "resources": ["toolkit", "override"],
                "toolkit_repo": station.testbed["toolkit"]["url"],
                "ca_bundle": station.testbed["ca"],
                "override_template": "{{ source }}",
                "override_variables": FACTS,
                "envoy_build": "{{ both.envoy_build }}",
            },
        },
    }
    loop = {"loop": list(SAMPLES)}
    play = [{"hosts": "velaryon", "gather_facts": False, "tasks": [{**ansibles, **loop}, {**ours, **loop}]}]
    velaryon = {
        **controller.local(), "samples": SAMPLES, "defaults": str(DEFAULTS), "template": str(TEMPLATE),
    }
    played = controller.play(play, velaryon=velaryon).succeeded()
    results = played.results()
    assert len(results) == len(SAMPLES)
    for name, result in zip(SAMPLES, results):
        expected = (controller.directory / f"{name}.yml").read_text()
        rendered = result["diff"][-1]["after"]
        assert rendered == expected, f"{name}:\n{rendered}\n--- but Ansible:\n{expected}"
