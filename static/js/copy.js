// Buttons that copy what stands in a field. They show only where they can work.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll('[data-copy]')) {
    button.hidden = false
    button.addEventListener('click', async () => {
      const field = document.getElementById(button.dataset.copy)
      field.select()
      await navigator.clipboard.writeText(field.value)
      button.querySelector('span').textContent = button.dataset.copied
      document.getElementById('copied').textContent = button.dataset.copied
    })
  }
}
