"""Reads Parquet files and writes them again with the settings of `bcda`: rewrite_job.py TOOL FROM TO THREADS"""
import pathlib, sys

tool, source, target, threads = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), int(sys.argv[4])
target.mkdir(parents=True)
ROW_GROUP = 122880
files = sorted(source.glob("*.parquet"))
if tool == "duckdb":
    import duckdb
    connection = duckdb.connect(config={"threads": threads})
    for file in files:
        settings = f"FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {ROW_GROUP}"
        connection.execute(f"COPY (SELECT * FROM '{file}') TO '{target / file.name}' ({settings})")
else:
    import pyarrow
    import pyarrow.parquet as parquet
    pyarrow.set_cpu_count(threads)
    for file in files:
        read = parquet.ParquetFile(file)
        with parquet.ParquetWriter(target / file.name, read.schema_arrow, compression="zstd", compression_level=1) as writer:
            for number in range(read.num_row_groups):
                writer.write_table(read.read_row_group(number), row_group_size=ROW_GROUP)
