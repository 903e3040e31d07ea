"""共富小课堂, a bot for party branches. Every arrow points down; what stands side by side may not know each other.

      people ──▶ handlers          jobs ◀── clock        two doors into each feature
                       ╲            ╱
                        views                            words and buttons
  attendance │ practice service                          use cases: session first, now= last
    meetings │ quiz     models                           tables
             │ banks    rules                            pure
          members
       ─────────────────────────────────────────────
       polling · web                                     Telegram comes in
       intake · gate · delivery                          one update in, messages out
       chats                                             what stands against sending
       context · claims · aftermath · calls · answers · retention · exports
       outbox · inbox · undo · transport · limits        durable messages, durable updates
       workbook                                          how sheets look
       message · incoming · db · config · workdays
       batches · statements · trails · faults · engines  what the database runs, refuses, and how it is opened
       logs · clock · periods · yamlfile · reasons · errors

`app` puts the house together, `doors` lists every way in, `schedule` every timed job, `demo` is a Telegram on this
machine, `__main__` the command line, `usage` how it is explained.
"""
