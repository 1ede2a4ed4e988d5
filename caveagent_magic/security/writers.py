"""The names of functions and methods that write, and where each of them is told where to."""

from __future__ import annotations

from caveagent_magic.security.vocabulary import names

OPTIONAL = names(
    """
    to_csv to_json to_html to_string to_latex to_markdown to_xml to_orc to_parquet export_graphviz serialize
    """
)
_METHODS = names(
    """
    to_csv to_json to_html to_string to_latex to_markdown to_xml to_orc to_excel to_parquet to_feather
    to_hdf to_stata to_pickle to_sql to_gbq to_file savefig write_html write_image write_json write_csv
    write_parquet write_ipc write_excel write_ndjson write_avro write_delta write_database sink_csv
    sink_parquet sink_ipc sink_ndjson tofile write_text write_bytes save_model save_weights
    save_pretrained save_formats to_netcdf to_zarr to_clipboard print_png print_pdf print_svg print_jpg
    print_figure export_graph  to_disk to_gpx mkdir touch rename symlink_to hardlink_to
    link_to copyfile copytree save_booster dump_model executescript to_mp4 save_dataset write_table
    print_to_file serialize
    """
)
WRITERS = frozenset(f"?.{method}" for method in _METHODS) | (
    names(
        """
            numpy.save numpy.savez numpy.savez_compressed numpy.savetxt matplotlib.pyplot.savefig
            matplotlib.pyplot.imsave matplotlib.image.imsave cv2.imwrite imageio.imwrite imageio.mimsave
            skimage.io.imsave scipy.io.savemat scipy.sparse.save_npz scipy.io.wavfile.write
            pandas.ExcelWriter pandas.HDFStore joblib.dump joblib.Memory joblib.memory.Memory
            joblib.memory.MemorizedFunc joblib.memory.MemorizedFunc.*
            torch.save plotly.io.write_image
            plotly.io.write_html plotly.offline.plot shutil.* posix.mkdir posix.makedirs posix.rename
            posix.replace posix.symlink posix.link posix.chmod posix.chown posix.utime posix.truncate
            posix.ftruncate posix.mkfifo posix.mknod posix.write posix.pwrite os.write os.fdopen
            os.mkdir os.makedirs os.rename os.renames os.replace os.symlink os.link os.chmod os.chown
            os.utime os.truncate os.mkfifo tempfile.* pathlib.Path.chmod pathlib.Path.replace
            pathlib.Path.write_text pathlib.Path.write_bytes pathlib.Path.rename pathlib.Path.mkdir
            pathlib.Path.touch pathlib.Path.symlink_to pathlib.Path.hardlink_to logging.FileHandler
            logging.basicConfig logging.handlers.* logging.config.* zipfile.ZipFile.* tarfile.TarFile.*
            pyarrow.parquet.write_table pyarrow.csv.write_csv pyarrow.feather.write_feather shelve.open
            dbm.open pyarrow.parquet.ParquetWriter sqlite3.connect duckdb.connect csv.field_size_limit
            graphviz.render networkx.write_gml networkx.write_edgelist networkx.write_graphml
            openpyxl.Workbook.save nbformat.write builtins.print xlsxwriter.Workbook
            tensorflow.io.write_file tensorflow.keras.models.save_model torchvision.utils.save_image
            PIL.Image.Image.save py_compile.* compileall.* pandas.io.pickle.to_pickle pandas.to_pickle
            sklearn.tree.export_graphviz sklearn.tree._export.export_graphviz venv.* zipapp.*
            tracemalloc.Snapshot.dump ensurepip.* ?.save ?.dump ?.dump_stats
            matplotlib.backends.backend_pdf.PdfPages
            rasterio.open fiona.open pyogrio.write_dataframe shelve.open
            sqlalchemy.create_engine duckdb.* posix.posix_fallocate posix.copy_file_range
            posix.sendfile io.TextIOWrapper.write io.TextIOWrapper.writelines
            io.BufferedWriter.* io.BufferedRandom.* IPython.InteractiveShell.write cProfile.run profile.run
            %writefile %file
            %save %logstart %logon %notebook %%writefile %store %history.f
            """
    )
)
SECOND = names(
    """
    sklearn.tree.export_graphviz sklearn.tree._export.export_graphviz
    plotly.io.write_html plotly.io.write_image joblib.dump torch.save pyarrow.parquet.write_table
    pyarrow.csv.write_csv pyarrow.feather.write_feather tensorflow.keras.models.save_model
    torchvision.utils.save_image networkx.write_gml networkx.write_edgelist networkx.write_graphml
    nbformat.write pandas.to_pickle pandas.io.pickle.to_pickle shutil.copy shutil.copy2 shutil.copyfile
    shutil.copytree shutil.copymode shutil.copystat shutil.move shutil.unpack_archive posix.link os.link
    posix.symlink os.symlink
    """
)  # their path is the second argument
BOTH = names("posix.rename posix.replace os.rename os.renames os.replace")  # of two paths
ELSEWHERE = names(
    """
    to_sql to_gbq write_database executescript cProfile.run profile.run duckdb.* zipfile.ZipFile.*
    tarfile.TarFile.*
    """
)  # where they write is not what they are given
RELATIONS = names(
    """
    filter project aggregate order limit distinct join union intersect except_ select sort count sum mean
    df fetchdf fetchall fetchone fetchmany fetchnumpy arrow pl to_df to_arrow_table show describe columns
    types dtypes shape set_alias value_counts max min median stddev unique
    """
)
"""What tables of duckdb give without writing, but for what stands in the texts that they are given."""
NEEDS_LOOK = {"logging.basicConfig": "filename", "builtins.print": "file"}
ON_PATHS = names(
    """
    write_text write_bytes rename mkdir touch symlink_to hardlink_to chmod replace
    """
)
