set -e
if false; then echo no; else echo else; fi
if ! true; then echo no; fi
elifs() { if false; then :; elif false; then :; else echo e; fi; }
elifs
while false; do :; done
until true; do :; done
echo end
