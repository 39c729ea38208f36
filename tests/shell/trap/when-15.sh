trap 'echo foo; false; echo $?' EXIT; set -e; true
