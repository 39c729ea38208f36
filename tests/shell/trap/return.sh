f() { trap 'echo returning' RETURN; echo in f; }
f
trap - RETURN
echo end
