"""The outside programs these tests need, built once into .cache/tools by the Go module proxy; and what Go modules carry."""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CACHE = REPOSITORY / ".cache"

# Program -> package at a version. The checksum database of Go vouches for what arrives.
PACKAGES = {
    "helm": "helm.sh/helm/v3/cmd/helm@v3.22.0",
    "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0",
    "kustomize": "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1",
}


def go(*arguments, **environment):
    if not shutil.which("go"):
        raise RuntimeError("these tests build helm with Go: put go 1.26 or newer into PATH")
    result = subprocess.run(
        ["go", *arguments], cwd=tempfile.gettempdir(), capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert result.returncode == 0, f"go {' '.join(arguments)}: {result.stderr[-4000:]}"
    return result.stdout


def tool(name):
    """The path of the program; test processes that ask at the same time wait for one build."""
    package = PACKAGES[name]
    folder = CACHE / "tools"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{package.rsplit('@', 1)[1]}"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            with tempfile.TemporaryDirectory(dir=folder) as built:
                go("install", "-p", "2", package, GOBIN=built, GOFLAGS="-trimpath")
                (pathlib.Path(built) / name).rename(path)
    return path


def module_folder(module):
    """Where the Go module's files are, downloaded if need be."""
    return pathlib.Path(json.loads(go("mod", "download", "-json", module))["Dir"])


def run(command, **more):
    return subprocess.run([str(each) for each in command], capture_output=True, text=True, **more)
