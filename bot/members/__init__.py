"""Who people are: the tree of units, the roster, roles and rights, accounts and group chats. Knows no other feature."""
