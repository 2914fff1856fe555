# 揭榜：常用命令。直接运行 make 查看说明。

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup run test lint check clean

# 可以这样改：make setup PYTHON=python3.12 TORCH_INDEX_URL=镜像地址；make run PORT=9000
PYTHON ?=
PORT ?= 8000
# 同时跑几份测试：缺省与处理器核数相同，最多 4 份（每份都有自己的数据库与浏览器）
JOBS ?= $(shell nproc 2>/dev/null || echo 1)
# torch 官方的 CPU 版目录；不用它，pip 会下载几个 GB 的显卡版
TORCH_INDEX_URL ?= https://download.pytorch.org/whl/cpu

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --no-compile --no-warn-script-location
READY := .venv/.ready
READY_TEST := .venv/.ready-test
BUSY := .venv/.busy

help:
	@echo '用法：make 目标'
	@echo
	@echo '  make setup   准备运行环境：建立 .venv 并安装依赖（首次约 1–3 分钟，约 1.3 GB）'
	@echo '  make run     启动平台：自动准备环境、数据库和演示数据，然后打开 http://127.0.0.1:$(PORT)/'
	@echo '  make test    运行全部检查：代码规范、类型、分层、测试（自动安装测试工具，另约 0.4 GB）'
	@echo '  make lint    只做代码规范、类型与分层检查'
	@echo '  make clean   删除 .venv 与缓存（不动 var/ 里的数据）'
	@echo
	@echo '可调：PORT=端口  JOBS=同时跑几份测试  PYTHON=解释器  TORCH_INDEX_URL=torch 的 CPU 版镜像'
	@echo '运行设置（数据目录、数据库、邮件等）见 .venv/bin/jiebang doctor'

# ---- 运行环境 --------------------------------------------------------------------------------

# 就绪标记比 pyproject.toml、constraints.txt 新，解释器也还在，就什么都不做。
setup:
	@if [ -f $(READY) ] && [ ! pyproject.toml -nt $(READY) ] && [ ! constraints.txt -nt $(READY) ] \
	    && $(BIN)/python -c '' 2>/dev/null; then :; else $(MAKE) --no-print-directory $(READY).force; fi

.PHONY: $(READY).force
$(READY).force:
	@command -v git >/dev/null 2>&1 || { \
	  echo '缺少 git：请先安装，例如 Debian/Ubuntu：sudo apt install git'; exit 3; }
	@found=''; unfit=''; \
	if [ -n "$(PYTHON)" ]; then set -- "$(PYTHON)"; else set -- python3 python3.12 python3.11 python3.13; fi; \
	for candidate in "$$@"; do \
	  "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	    >/dev/null 2>&1 || continue; \
	  if "$$candidate" -c 'import venv, ensurepip' >/dev/null 2>&1; then found="$$candidate"; break; fi; \
	  unfit="$$candidate"; \
	done; \
	if [ -z "$$found" ] && [ -n "$$unfit" ]; then \
	  echo "$$unfit 缺少 venv 模块：请先安装，例如 Debian/Ubuntu：sudo apt install python3-venv"; exit 3; \
	elif [ -z "$$found" ] && [ -n "$(PYTHON)" ]; then \
	  echo '$(PYTHON) 不可用：需要 Python 3.11–3.13，请用 make setup PYTHON=解释器路径 另行指定'; exit 3; \
	elif [ -z "$$found" ]; then \
	  echo '没有找到 Python 3.11–3.13：请先安装，例如 Debian/Ubuntu：sudo apt install python3 python3-venv'; exit 3; \
	fi; \
	if [ -e $(BUSY) ] || ! $(BIN)/python -m pip --version >/dev/null 2>&1 \
	    || ! $(BIN)/python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then \
	  echo "建立 .venv（$$("$$found" -V)）……"; \
	  "$$found" -m venv --clear .venv || { echo '无法建立 .venv：请检查目录是否可写、磁盘是否已满'; exit 3; }; \
	fi
	@rm -f $(READY) $(READY_TEST); touch $(BUSY)
	@$(INSTALL) --upgrade 'pip>=25.1,<27' || $(call interrupted,升级 pip)
	@echo '安装 torch（CPU 版）……'
	@$(call torch) --dry-run --no-deps --report .venv/torch.json >/dev/null 2>&1 || true
	@if [ "$$(uname -sm)" = 'Linux x86_64' ] && [ -s .venv/torch.json ] \
	    && ! grep -qE '"version": *"[0-9.]+\+cpu"' .venv/torch.json \
	    && ! $(BIN)/python -c 'import torch' 2>/dev/null; then \
	  echo '注意：取不到 torch 的 CPU 版目录，将改装显卡版（下载约 2.6 GB，占用约 6 GB）。'; \
	  echo '      不想要就按 Ctrl-C，改用 make setup TORCH_INDEX_URL=可访问的 CPU 版镜像'; \
	fi
	@$(call torch) || $(call interrupted,安装 torch)
	@echo '安装其余依赖……'
	@$(INSTALL) -c constraints.txt -e . || $(call interrupted,安装依赖)
	@if [ "$$(uname -sm)" = 'Linux x86_64' ] && ls -d .venv/lib/python3.*/site-packages/nvidia* >/dev/null 2>&1; then \
	  echo '注意：装上的是 torch 显卡版（含 nvidia-* 包），功能不受影响但多占约 4 GB；'; \
	  echo '      要换成 CPU 版：make clean，再 make setup TORCH_INDEX_URL=可访问的 CPU 版镜像'; \
	fi
	@$(COMPILE) .venv/lib/python3.*/site-packages platform matching indexes >/dev/null 2>&1 || true
	@rm -f $(BUSY) .venv/torch.json; touch $(READY)
	@echo "运行环境就绪：.venv（$$(du -sm .venv | cut -f1) MB）"

# 只预编译网页进程用到的库：下面这些很大而少用，用时再编译。
SKIP := torch torchgen functorch transformers sentence_transformers huggingface_hub hf_xet sympy \
  mpmath networkx sklearn scipy joblib pip setuptools typer httpx2 httpcore2 anyio pydantic yaml \
  regex fsspec narwhals pycparser tests
NOTHING :=
COMPILE = $(BIN)/python -m compileall -q -j 2 -x '/($(subst $(NOTHING) $(NOTHING),|,$(strip $(SKIP))))/'
torch = $(INSTALL) --retries 0 --timeout 15 --extra-index-url '$(TORCH_INDEX_URL)' 'torch>=2.4,<2.14'
# pip 自己失败时会收拾干净，不必重建 .venv；被打断（标记还在）的才重建。
interrupted = { rm -f $(BUSY); echo '没有完成：$(1)失败，原因见上。网络恢复后再运行一次 make setup 即可接着来。'; exit 3; }

$(READY_TEST): pyproject.toml constraints.txt | setup
	@echo '安装测试工具……'
	@$(INSTALL) -c constraints.txt --group test || { echo '没有完成：安装测试工具失败，原因见上，请再运行一次'; exit 3; }
	@touch $@

# ---- 使用 ------------------------------------------------------------------------------------

run: setup
	@$(BIN)/jiebang init
	@JIEBANG_DEMO=1 $(BIN)/jiebang demo
	@JIEBANG_DEMO=1 PORT=$(PORT) exec $(BIN)/jiebang serve

# ---- 检查 ------------------------------------------------------------------------------------

lint: setup $(READY_TEST)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest --numprocesses $(JOBS) --maxprocesses 4 --dist loadfile

check: test

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
