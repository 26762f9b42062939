"""A notebook that asks of a kernel what notebooks ask: each cell one thing, by name."""

from __future__ import annotations

import re
from typing import Any

import nbformat.v4 as v4

_CELLS = r"""
# %% result
1 + 1
# %% history
_, __, Out, In[1][:20], _i1[:5]
# %% last
x = 5; x;
# %% rich
class Rich:
    def _repr_html_(self): return "<b>x</b>"
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": "p", "text/x": "y"}, {"text/x": {"a": 1}}
    def __repr__(self): return "Rich()"
Rich()
# %% displays
from IPython.display import HTML, JSON, SVG, Image, Javascript, Latex, Markdown
from IPython.display import clear_output, display, update_display
display(HTML("<i>a</i>"), Markdown("*b*"), Latex("$c$"), metadata={"k": 1})
display(JSON({"a": [1, None]}), Javascript("1"), SVG("<svg xmlns='http://www.w3.org/2000/svg'></svg>"))
display({"text/plain": "raw", "application/x+json": {"deep": [1]}}, raw=True)
display(Image(b"\x89PNG\r\n\x1a\n" + bytes(9), format="png"))
# %% handle
h = display('first', display_id='one'); display('second', display_id='two'); h.update('changed')
# %% update elsewhere
update_display('changed again', display_id='two'); h.display('again'); h.update('both')
# %% update unknown
update_display('nobody', display_id='unknown')
# %% clear
print('gone'); display('gone'); clear_output(); print('stays')
# %% clear and wait
print('gone'); clear_output(wait=True); print('now'); clear_output(wait=True)
# %% streams
import sys
print("out"); print("err", file=sys.stderr); print("more", flush=True); sys.stderr.write("w\n")
sys.stdout.write("5")
display("between"); print("after"); print("last", file=sys.stderr)
# %% streams as objects
sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.writable(), sys.stdin.readable()
# %% descriptor
import os, subprocess, ctypes
# A kernel reads the descriptors as time passes: the waits are for it.
import time
def wait(): time.sleep(0.03)
print("one"); os.write(1, b"two\n"); wait(); print("three"); os.write(2, b"four\n"); wait()
os.system("echo five"); wait(); print("six")
subprocess.run(["echo", "seven"]); ctypes.CDLL(None).puts(b"eight"); ctypes.CDLL(None).fflush(None)
wait()
print("nine")
# %% descriptor errors
os.system("echo out; echo err >&2"); code = subprocess.run("echo ü€; exit 3", shell=True).returncode
wait(); code
# %% shell
!echo hi; echo err >&2
!exit 4
_exit_code
# %% shell kept
kept = !printf 'a\nb'
kept, kept.n
# %% bash
%%bash
echo one
echo two >&2
# %% bash fails
%%bash
echo before
exit 3
# %% script
%%python3
print('elsewhere')
# %% capture
%%capture got
print('kept'); display('kept too'); print('e', file=sys.stderr)
# %% captured
print(got.stdout, got.stderr, len(got.outputs)); got.show()
# %% timeit
%timeit -n 2 -r 2 sum(range(10))
# %% time
%time y = sum(range(10))
# %% writefile
%%writefile script.py
import sys
print('ran', sys.argv, __name__)
z = 7
# %% run
%run script.py a b
z
# %% run with an error
%%writefile wrong.py
def f():
    return 1 / 0
f()
# %% run wrong
%run wrong.py
# %% html magic
%%html
<b>magic</b>
# %% who
%who_ls int
# %% page
%pinfo len
len?
# %% source
%psource len
# %% next
get_ipython().set_next_input('next = 1')
# %% load
%load script.py
# %% history magic
%history -n 1-2
# %% config
%config InlineBackend.figure_formats = ['png', 'jpeg']
get_ipython().config.get('IPKernelApp', {}).keys()
# %% config of the shell
import IPython
ip = get_ipython()
type(ip).__name__, ip.colors, "IPKernelApp" in ip.config, ip.kernel.__class__.__name__, ip.banner[:6]
# %% extension
%load_ext autoreload
%autoreload 2
%load_ext nothing_there
# %% unknown magic
%nothing_there
# %% macro and alias
%alias say echo said %s
%say word
# %% prun
%prun -q -T prof.txt sum(range(5))
# %% warning
import warnings
warnings.warn('careful'); warnings.warn('old', DeprecationWarning)
def w(): warnings.warn('in f', stacklevel=2)
w(); w()
# %% logging
import logging
logging.warning('logged'); logging.getLogger('x').error('named'); logging.info('silent')
# %% logging set
logging.basicConfig(level='INFO', stream=sys.stdout, force=True, format='%(levelname)s %(message)s')
logging.info('heard')
# %% error
def f(n):
    return 1 / n
f(0)
# %% error chain
try:
    f(0)
except ZeroDivisionError as e:
    raise KeyError('näme') from e
# %% error group
raise ExceptionGroup('many', [ValueError(1), TypeError('x')])
# %% error note
e = ValueError('noted'); e.add_note('a note'); raise e
# %% error in repr
class Bad:
    def __repr__(self): raise ValueError('no repr')
Bad()
# %% error in html
class BadHtml:
    def _repr_html_(self): raise ValueError('no html')
    def __repr__(self): return 'fine'
BadHtml()
# %% syntax
for x in:
    pass
# %% indentation
def f():
return 1
# %% system exit
print('before'); sys.exit(3)
# %% system exit with words
raise SystemExit('words')
# %% keyboard interrupt
raise KeyboardInterrupt
# %% signal
import signal, time
os.kill(os.getpid(), signal.SIGINT)
time.sleep(5)
# %% alarm
signal.signal(signal.SIGALRM, lambda *_: print('rang')); signal.setitimer(signal.ITIMER_REAL, 0.02)
time.sleep(0.1)
# %% traceback of an earlier cell
f(0) if f.__name__ == 'f' else None
# %% tb
%tb
# %% xmode
%xmode Plain
1 / 0
# %% xmode back
%xmode Context
# %% input
input('name? ')
# %% password
import getpass
getpass.getpass()
# %% breakpoint
sys.stdin.read()
# %% await
import asyncio
async def g():
    await asyncio.sleep(0.01)
    print('awaited')
    return 3
await g()
# %% task
async def later(text):
    await asyncio.sleep(0.01); print(text); return text
task = asyncio.create_task(later('in the background'))
# %% task after
await task
# %% async error
async def bad():
    raise ValueError('async')
await bad()
# %% async loop
async with asyncio.timeout(1):
    print(await asyncio.gather(later('a'), later('b')))
# %% run in a running loop
c = g()
try: asyncio.run(c)
finally: c.close()
# %% async cancelled
t = asyncio.create_task(asyncio.sleep(9)); t.cancel()
await t
# %% context
import contextvars
v = contextvars.ContextVar('v', default=0); v.set(4);
# %% context after
v.get()
# %% thread
import threading
def say(n): print("thread", n); display(f"from {n}")
for n in range(3): t = threading.Thread(target=say, args=(n,)); t.start(); t.join()
# %% thread error
t = threading.Thread(target=lambda: 1 / 0, name='T'); t.start(); t.join()
# %% pool
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool: print(list(pool.map(lambda n: n * n, range(4))))
# %% fork
import multiprocessing
def child(n): print("child", n, flush=True); sys.stderr.write("child err\n")
p = multiprocessing.get_context("fork").Process(target=child, args=(1,)); p.start(); p.join()
print("joined", p.exitcode)
# %% fork pool
with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, -2, -3]))
# %% unicode
print('ü€𝄞日本', '\u202e', '\x00\x1b[31mred\x1b[0m'); 'ü€𝄞'
# %% surrogates
print('a\udcffb')
# %% carriage
for n in range(3): print(f'\r{n}', end='')
print('\b\b')
# %% large
print('x' * 3_000_000)
# %% many lines
for n in range(20_000): print(n)
# %% large display
HTML('<p>' + 'y' * 2_000_000)
# %% not json
display({'text/plain': 'x', 'application/json': {'n': float('nan'), 1: 2}}, raw=True)
# %% picture
import matplotlib.pyplot as plt
plt.plot([3, 1, 2]); plt.title('ä')
# %% picture as lines
%config InlineBackend.figure_formats = ['svg', 'retina']
%config InlineBackend.print_figure_kwargs = {'metadata': {'Date': None}}
plt.rcParams['svg.hashsalt'] = 's'; plt.plot([1]);
# %% pictures
fig, ax = plt.subplots(figsize=(2, 1)); ax.bar([1], [2]); display(fig); plt.figure(figsize=(1, 1))
plt.plot([1]);
# %% picture formats
%config InlineBackend.figure_formats = ['png']
%config InlineBackend.print_figure_kwargs = {'bbox_inches': None}
plt.plot([1, 2]); plt.show(); print('shown'); plt.get_backend()
# %% pictures kept open
%config InlineBackend.close_figures = False
fig = plt.figure(figsize=(1, 1)); plt.plot([2]);
# %% picture kept open
plt.plot([1]);
# %% picture of an error
%config InlineBackend.close_figures = True
plt.close('all'); plt.plot([1]); 1 / 0
# %% inline
%matplotlib inline
plt.plot([5]);
# %% agg
%matplotlib agg
plt.plot([6]); plt.show()
# %% inline again
%matplotlib inline
plt.plot([7]); plt.rcParams['figure.dpi'], plt.isinteractive()
# %% frame
import pandas as pd
pd.DataFrame({'a': [1, 2.5], 'b': ['x', None]})
# %% pandas styled
pd.DataFrame({'a': [1]}).style.set_uuid('u').format('{:.1f}')
# %% progress
from tqdm.auto import tqdm
import tqdm as t0
for _ in t0.tqdm(range(3), disable=False, bar_format='{n}', mininterval=0, file=sys.stdout): pass
# %% widget
import ipywidgets as w
s = w.IntSlider(value=3, description='s'); s
# %% widget changed
s.value = 7; b = w.HBox([s, w.Label('x')]); display(b); s.max = 20
# %% widget bytes
w.Image(value=bytes(range(9)), format='png')
# %% interact
w.interact(lambda a: print('a', a), a=(0, 3));
# %% widget closed
s.close()
# %% module
__name__, sys.modules['__main__'] is not None, '__file__' in globals(), sys.argv[0], sys.path, len(sys.argv)
# %% class of main
class K: pass
import pickle
pickle.loads(pickle.dumps(K())).__class__.__module__
# %% environment
# The debugger, which is left out, would set a name of its own.
sorted(set(os.environ) - {'PYDEVD_USE_FRAME_EVAL'}), os.environ['TERM'], os.environ['MPLBACKEND']
# %% flags
sys.flags, sys.getrecursionlimit(), [signal.getsignal(n) for n in sorted(signal.valid_signals())]
# %% limits of the process
import resource
[resource.getrlimit(n) for n in range(16)], os.umask(18), os.getcwd(), sys.warnoptions, warnings.filters[-3:]
# %% threads left
threading.current_thread().name, threading.current_thread() is threading.main_thread()
# %% recursion
def r(): r()
try: r()
except RecursionError as e: print(type(e).__name__)
# %% faulthandler
import faulthandler
faulthandler.enable(); faulthandler.is_enabled()
# %% atexit
import atexit, pathlib
atexit.register(lambda: pathlib.Path('ended').write_text('yes'));
# %% magic in a function
def m():
    get_ipython().run_line_magic('time', '1')
    get_ipython().system('echo sys')
m()
# %% nested run
r = get_ipython().run_cell('print("inner"); 5'); r.result
# %% hooks
ip.events.register('post_run_cell', lambda r: print('hook', r.success)); 1
# %% hooks after
2
# %% formatter
ip.display_formatter.formatters['text/plain'].for_type(complex, lambda c, p, cycle: p.text('complex!')); 1j
# %% autocall of all
ip.ast_node_interactivity = 'all'
# %% several results
1
2
'three'
# %% comment
# nothing
# %% empty

# %% semicolon
5;
# %% last of all
len(In), _ , ___[:2] if isinstance(___, str) else ___
# %% quit
quit()
"""
CELLS = {
    part.partition("\n")[0]: part.partition("\n")[2].rstrip("\n")
    for part in re.split(r"^# %% ", _CELLS, flags=re.MULTILINE)[1:]
}
NAMES = [re.sub(r"\W", "-", name)[:60] for name in CELLS]

# What no two runs have in common, whichever way they go.
CHANCE = [
    (re.compile(r"0x[0-9a-f]{6,}"), "0x"),
    (re.compile(r"[0-9.e+]+ (?:[nmµμ]s|s)\b(?: ± [0-9.]+ (?:[nmµμ]s|s))?"), "some s"),
    (re.compile(r"The slowest run took .* cached\.\n"), ""),
    (re.compile(r"(Thread-)\d+"), r"\1n"),
    (re.compile(r"(ThreadPoolExecutor-)\d+"), r"\1n"),
]


def notebook(cells: dict[str, str] | None = None) -> Any:
    """The cells as a notebook; every one may raise, so that the next one is reached."""
    made = []
    for name, source in (CELLS if cells is None else cells).items():
        cell = v4.new_code_cell(source, id=re.sub(r"\W", "-", name)[:60])
        cell.metadata["tags"] = ["raises-exception"]
        made.append(cell)
    first = v4.new_code_cell("top: int = 1", metadata={"tags": ["parameters"]}, id="parameters")
    return v4.new_notebook(cells=[first, *made])


def told(notebook: Any) -> dict[str, Any]:
    """What each cell showed, by name, and its number, without what chance has made; the widgets last."""
    found = {
        cell["id"]: [cell.get("execution_count"), _plain(cell.get("outputs", []))] for cell in notebook.cells
    }
    return {**found, "metadata": _plain(notebook.metadata)}


def _plain(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: _plain(value) for key, value in thing.items()}
    if isinstance(thing, list):
        return [_plain(value) for value in thing]
    if isinstance(thing, str):
        for pattern, instead in CHANCE:
            thing = pattern.sub(instead, thing)
    return thing
