-- What a user of Neovim does with two files: take a suggestion by a code action, and complete a proof.
-- Run by test_neovim.py in a folder that holds the files. Prints one JSON object on the last line.

local out = {}

local function place(name, line, column)
  vim.cmd('edit ' .. name)
  vim.bo.filetype = 'lean'
  vim.api.nvim_win_set_cursor(0, { line, column })
end

local client = vim.lsp.start_client({
  name = 'lean-sidekick',
  cmd = vim.fn.json_decode(vim.env.SERVER_COMMAND),
  root_dir = vim.fn.getcwd(),
  init_options = { settings = { suggest = { delayMs = 50 } } },
})

local function attach()
  vim.lsp.buf_attach_client(0, client)
  assert(vim.wait(30000, function()
    local found = vim.lsp.get_client_by_id(client)
    return found ~= nil and found.initialized
  end, 20), 'the server did not start')
end

local function actions()
  local params = vim.lsp.util.make_range_params()
  params.context = { diagnostics = {} }
  local answers = vim.lsp.buf_request_sync(0, 'textDocument/codeAction', params, 30000)
  return answers and answers[client] and answers[client].result or {}
end

local function action(title)
  local found
  assert(vim.wait(60000, function()
    for _, each in ipairs(actions()) do
      if vim.startswith(each.title, title) then
        found = each
        return true
      end
    end
    return false
  end, 200), 'never offered: ' .. title)
  return found
end

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
end

local function run()
  place('act.lean', 2, 2)
  attach()
  local taken = action('exact Or.inr hq')
  out.title = taken.title
  local hints = vim.lsp.buf_request_sync(0, 'textDocument/inlayHint', {
    textDocument = vim.lsp.util.make_text_document_params(),
    range = { start = { line = 0, character = 0 }, ['end'] = { line = 3, character = 0 } },
  }, 30000)
  out.hints = hints and hints[client] and hints[client].result
  vim.lsp.util.apply_workspace_edit(taken.edit, 'utf-16')
  out.acted = text()

  place('complete.lean', 2, 2)
  attach()
  local complete = action('Complete the proof')
  local answers = vim.lsp.buf_request_sync(0, 'workspace/executeCommand', complete.command, 60000)
  out.completed = { result = answers and answers[client] and answers[client].result, text = text() }
  vim.cmd('undo')
  out.undone = text()
end

local ok, reason = pcall(run)
if not ok then
  out.error = tostring(reason)
end
vim.lsp.stop_client(client)
local is_gone = vim.wait(20000, function()
  return vim.lsp.client_is_stopped(client)
end, 50)
out.stopped = is_gone
io.stdout:write('\n' .. vim.fn.json_encode(out) .. '\n')
vim.cmd(ok and 'qall!' or 'cquit')
