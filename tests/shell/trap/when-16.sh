f() { trap 'echo f-exit' EXIT; }
f
echo end
