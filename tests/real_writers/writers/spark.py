"""Spark: folders of CSV and Parquet as it writes them by default, with an empty first part, and partitioned."""

import tempfile
from decimal import Decimal

from pyspark.sql import SparkSession
from pyspark.sql import functions as f
from pyspark.sql import types as t

from tests.real_writers.source import PARTITIONS, flat, kind_of
from tests.real_writers.writers.written import report

_TYPES = {
    "int": t.LongType(),
    "uint": t.DecimalType(20, 0),
    "float": t.DoubleType(),
    "float32": t.FloatType(),
    "decimal(3, 1)": t.DecimalType(3, 1),
    "decimal(10, 2)": t.DecimalType(10, 2),
    "boolean": t.BooleanType(),
    "date": t.DateType(),
    "timestamp": t.TimestampNTZType(),
    "instant": t.TimestampType(),
    "duration": t.DayTimeIntervalType(),
    "text": t.StringType(),
    "category": t.StringType(),
    "vector": t.ArrayType(t.FloatType()),
}


def _frame(spark, table):
    fields = [t.StructField(name, _TYPES[kind_of(name)]) for name in table]
    columns = [map(Decimal, values) if kind_of(name) == "uint" else values for name, values in table.items()]
    return spark.createDataFrame(list(zip(*columns, strict=True)), t.StructType(fields))


def write(table, folder):
    with tempfile.TemporaryDirectory() as scratch:
        spark = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.local.dir", scratch)
            .config("spark.sql.warehouse.dir", scratch)
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .getOrCreate()
        )
        spark.sparkContext.setLogLevel("OFF")
        scalars, whole = _frame(spark, flat(table)), _frame(spark, table)
        scalars.repartition(2).write.csv(f"{folder}/csv", header=True)
        yield "folder of CSV", folder / "csv", scalars.columns
        scalars.coalesce(1).write.csv(f"{folder}/tsv", header=True, sep="\t", compression="gzip")
        yield "folder of TSV, gzip", folder / "tsv", scalars.columns
        # Of the first of two partitions the filter leaves nothing, and Spark writes a file for it all the same.
        whole.filter("row > 300").write.parquet(f"{folder}/parquet")
        whole.filter("row <= 300").write.mode("append").parquet(f"{folder}/parquet")
        yield "folder of Parquet with an empty first part", folder / "parquet", whole.columns
        # A time without a zone as Spark held it before 3.4: an instant, in INT96.
        instants = [
            f.col(name).cast("timestamp").alias(name) if name in ("seen", "until") else f.col(name)
            for name in whole.columns
        ]
        whole.select(instants).coalesce(1).write.parquet(f"{folder}/int96")
        yield "folder of Parquet, all times as instants", folder / "int96", whole.columns
        whole.coalesce(1).write.partitionBy(*PARTITIONS).parquet(f"{folder}/hive")
        yield "partitioned Parquet", folder / "hive", whole.columns
        spark.stop()


if __name__ == "__main__":
    report("pyspark", write)
