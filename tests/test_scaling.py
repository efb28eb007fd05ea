"""What docs/scaling.md tells people to type is accepted by bash, by torchrun and by this app."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from accelerate.commands.launch import launch_command_parser
from torch.distributed.run import get_args_parser

from ui.cli.command_line import parser

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "scaling.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
(SBATCH,) = (block for language, block in BLOCKS if language == "bash")
DECLARED = "".join(block for language, block in BLOCKS if language == "yaml")
OBJECTS = {each["kind"]: each for each in yaml.safe_load_all(DECLARED)}
POD = OBJECTS["Job"]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
TYPED = [
    shlex.split(line)
    for language, block in BLOCKS
    if language != "yaml"
    for line in block.replace("\\\n", "").splitlines()
    if "torchrun" in line
]
TORCHRUNS = [words[words.index("torchrun") + 1 :] for words in [*TYPED, CONTAINER["command"]]]


@pytest.mark.parametrize("arguments", TORCHRUNS, ids=" ".join)
def test_every_torchrun_command_is_one_that_torchrun_and_train_understand(arguments):
    known = get_args_parser().parse_args(arguments)
    assert known.training_script == "app.py"
    assert int(known.nproc_per_node) > 1
    assert parser().parse_args(known.training_script_args).project == "PROJECT"
    if known.nnodes != "1:1":  # else processes of several machines do not find each other, or their run
        assert (known.rdzv_backend, known.rdzv_endpoint.endswith(":29400")) == ("c10d", True)
        assert known.rdzv_id != "none"


def test_the_command_for_fsdp_is_one_that_accelerate_and_train_understand():
    (block,) = (block for _, block in BLOCKS if block.startswith("accelerate launch"))
    known = launch_command_parser().parse_args(shlex.split(block.replace("\\\n", ""))[2:])
    assert (known.use_fsdp, known.training_script) == (True, "app.py")
    assert parser().parse_args(known.training_script_args).project == "PROJECT"


def test_the_recipe_for_slurm_is_bash_and_starts_one_torchrun_on_each_node_for_all_its_gpus():
    asked = dict(re.findall(r"^#SBATCH --([\w-]+)=(.*)$", SBATCH, flags=re.MULTILINE))
    (command,) = (line for line in SBATCH.splitlines() if line.startswith("srun torchrun"))
    assert asked["ntasks-per-node"] == "1"
    assert f"--nproc_per_node {asked['gpus-per-node']} " in command
    if bash := shutil.which("bash"):
        subprocess.run([bash, "-n"], input=SBATCH, text=True, check=True)


def test_the_recipe_for_kubernetes_names_only_what_it_declares():
    job, name = OBJECTS["Job"]["spec"], OBJECTS["Job"]["metadata"]["name"]
    service, claim = OBJECTS["Service"], OBJECTS["PersistentVolumeClaim"]
    assert [each["apiVersion"] for each in OBJECTS.values()] == ["v1", "v1", "batch/v1"]
    assert (job["completionMode"], POD["restartPolicy"]) == ("Indexed", "OnFailure")
    assert service["spec"]["selector"] == {"job-name": name}
    assert (service["spec"]["clusterIP"], POD["subdomain"]) == ("None", service["metadata"]["name"])
    known = get_args_parser().parse_args(CONTAINER["command"][1:])
    assert known.nnodes == str(job["completions"]) == str(job["parallelism"])
    assert known.nproc_per_node == str(CONTAINER["resources"]["limits"]["nvidia.com/gpu"])
    assert known.rdzv_endpoint.startswith(f"{name}-0.{service['metadata']['name']}:")
    mounted = {mount["name"]: mount["mountPath"] for mount in CONTAINER["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in POD["volumes"]}
    assert mounted.keys() == volumes.keys()
    assert volumes["projects"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert parser().parse_args(known.training_script_args).projects == mounted["projects"]
