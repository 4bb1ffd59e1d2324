"""datatrove's four MinHash stages over a folder of JSON lines, as in its examples/minhash_deduplication.py.

Run by the Python of datatrove's environment: `python run_datatrove.py COLLECTION WORK WORKERS`.
"""

import sys

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.hashing import HashConfig

LANGUAGE = "zho_Hani"


def main(collection: str, work: str, workers: int) -> None:
    """Signatures, buckets, clusters, filter."""
    config = MinhashConfig(hash_config=HashConfig(precision=64), num_buckets=14, hashes_per_bucket=8, n_grams=5)
    reader = JsonlReader(collection, glob_pattern="*.jsonl")
    tasks = len(reader.data_folder.list_files(glob_pattern="*.jsonl"))
    signing = MinhashDedupSignature(f"{work}/signatures", config=config, language=LANGUAGE)
    bucketing = MinhashDedupBuckets(f"{work}/signatures", f"{work}/buckets", config=config)
    clustering = MinhashDedupCluster(f"{work}/buckets", f"{work}/clusters", config=config, save_cluster_id=True)
    filtering = [reader, MinhashDedupFilter(f"{work}/clusters"), JsonlWriter(f"{work}/kept", compression=None)]
    stages = (([reader, signing], tasks), ([bucketing], config.num_buckets), ([clustering], 1), (filtering, tasks))
    for number, (pipeline, count) in enumerate(stages):
        logs = f"{work}/logs-{number}"
        LocalPipelineExecutor(pipeline=pipeline, tasks=count, workers=min(count, workers), logging_dir=logs).run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
