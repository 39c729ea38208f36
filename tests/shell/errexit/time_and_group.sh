set -e
if { false; true; }; then echo ok; fi
{ true; false; } && echo no || echo handled
for i in 1; do false || true; done
echo end
