;;; emacs.el --- What a user of Emacs does with two files -*- lexical-binding: t -*-

;; With Eglot: take a suggestion by a code action, complete a proof, undo it.  With lsp-mode: take a suggestion.
;; Run by test_emacs.py in a folder that holds the files; TEST_SCRIPT names the function.
;; Prints one JSON object on the last line.

(require 'json)
(require 'cl-lib)

(define-derived-mode lean4-mode prog-mode "Lean"
  "Stands for the mode of the package lean4-mode.")
(add-to-list 'auto-mode-alist '("\\.lean\\'" . lean4-mode))

(defun test-wait (limit what until)
  "Wait LIMIT seconds for UNTIL to return something, and return it; WHAT is missing otherwise."
  (let ((end (+ (float-time) limit)) found)
    (while (and (not (setq found (funcall until))) (< (float-time) end))
      (accept-process-output nil 0.1))
    (or found (error "Never came: %s" what))))

(defun test-action (title)
  "The code action at point that begins with TITLE."
  (test-wait 60 title
             (lambda ()
               (cl-find-if (lambda (action) (string-prefix-p title (plist-get action :title)))
                           (eglot-code-actions (point))))))

(defun test-visit (name)
  "Open the file NAME as a user does, at the place that is to be proved."
  (find-file name)
  (eglot-ensure)
  (run-hooks 'post-command-hook)
  (test-wait 30 "a server" #'eglot-current-server)
  (goto-char (point-min))
  (search-forward "sorry")
  (goto-char (match-beginning 0)))

(defun test-eglot ()
  "Suggest and complete with Eglot."
  (require 'eglot)
  (load (expand-file-name "set-up.el") nil t)
  (setq eglot-confirm-server-initiated-edits nil)
  (let (title acted completed undone)
    (test-visit "act.lean")
    (let ((action (test-action "exact Or.inr hq")))
      (setq title (plist-get action :title))
      (eglot--apply-workspace-edit (plist-get action :edit))
      (setq acted (buffer-string)))
    (test-visit "complete.lean")
    (buffer-enable-undo)
    (undo-boundary)
    (let ((before (buffer-string))
          (command (plist-get (test-action "Complete the proof") :command)))
      (eglot-execute-command (eglot-current-server) (intern (plist-get command :command)) (plist-get command :arguments))
      (test-wait 60 "the proof" (lambda () (not (string= before (buffer-string)))))
      (setq completed (buffer-string))
      (undo-boundary)
      (let ((last-command nil)) (undo))
      (setq undone (buffer-string)))
    (eglot-shutdown (eglot-current-server) nil 20)
    `((title . ,title) (acted . ,acted) (completed . ,completed) (undone . ,undone))))

(defun test-lsp-mode ()
  "Attach with lsp-mode, and ask for the suggestion."
  (require 'lsp-mode)
  (load (expand-file-name "set-up.el") nil t)
  (setq lsp-enable-file-watchers nil lsp-enable-snippet nil lsp-auto-guess-root t)
  (add-to-list 'lsp-language-id-configuration '(lean4-mode . "lean4")) ; as lean4-mode does
  (find-file "act.lean")
  (lsp)
  (search-forward "sorry")
  (goto-char (match-beginning 0))
  (test-wait 30 "a workspace" (lambda () (cl-some (lambda (each) (eq (lsp--workspace-status each) 'initialized))
                                                  (lsp-workspaces))))
  (let ((action (test-wait 60 "a suggestion"
                           (lambda ()
                             (cl-find-if (lambda (each) (string-prefix-p "exact Or.inr hq" (lsp:code-action-title each)))
                                         (lsp-code-actions-at-point))))))
    (lsp-execute-code-action action)
    `((acted . ,(buffer-string)))))

(let* ((inhibit-message t)
       (found (condition-case problem
                  (funcall (intern (getenv "TEST_SCRIPT")))
                (error `((error . ,(error-message-string problem)))))))
  (princ (concat "\n" (let ((json-encoding-pretty-print nil)) (json-encode found)) "\n"))
  (kill-emacs 0))
;;; emacs.el ends here
