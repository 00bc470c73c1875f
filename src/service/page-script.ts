/**
 * The script of the page to try the service: text, so that it goes out as it is. It shows two photographs, sends both to /verify, and
 * draws boxes, points and crops of the faces that were compared.
 */
export const pageScript = `'use strict';
const sides = ['first', 'second'];
const chosen = {};
const status = document.getElementById('status');
const points = ['image-left eye', 'image-right eye', 'nose', 'image-left mouth corner', 'image-right mouth corner'];

for (const side of sides) {
  const zone = document.getElementById(side);
  const input = zone.querySelector('input');
  input.addEventListener('change', () => choose(side, input.files[0]));
  zone.addEventListener('dragover', (event) => { event.preventDefault(); zone.classList.add('over'); });
  zone.addEventListener('dragleave', () => zone.classList.remove('over'));
  zone.addEventListener('drop', (event) => {
    event.preventDefault();
    zone.classList.remove('over');
    choose(side, event.dataTransfer.files[0]);
  });
}

async function choose(side, file) {
  if (file === undefined) return;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return say('problem', file.name + ' is not an image that this browser shows.');
  }
  chosen[side] = { file, bitmap };
  draw(side, undefined);
  if (sides.every((each) => chosen[each] !== undefined)) await compare();
}

async function compare() {
  say('', 'Comparing ...');
  const images = await Promise.all(sides.map((side) => base64(chosen[side].file)));
  const headers = { 'content-type': 'application/json' };
  const token = document.getElementById('token').value;
  if (token !== '') headers.authorization = 'Bearer ' + token;
  let answer, content;
  try {
    answer = await fetch('verify', { method: 'POST', headers, body: JSON.stringify({ images }) });
    content = await answer.json();
  } catch (error) {
    return say('problem', 'The service does not answer: ' + error.message);
  }
  if (!answer.ok) return say('problem', content.title + ': ' + content.detail);
  sides.forEach((side, index) => draw(side, content.faces[index]));
  const measured = 'Similarity ' + content.similarity.toFixed(3) + ', squared distance ' + content.distance.toFixed(3) + '. ';
  if (content.threshold === null) return say('', measured + 'No threshold is known for this model, so there is no verdict.');
  const far = content.threshold.far;
  const percent = (value) => (100 * value).toFixed(2) + ' %';
  say(content.same ? 'same' : 'different', (content.same ? 'The same person. ' : 'Different people. ') + measured +
    'Threshold ' + content.threshold.similarity.toFixed(3) + ', measured on ' + content.threshold.evaluatedOn.set +
    ': it takes ' + percent(far.value) + ' [' + percent(far.interval.low) + ', ' + percent(far.interval.high) +
    '] of pairs of different people for one.');
}

function say(kind, text) {
  status.className = kind;
  status.textContent = text;
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(',') + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

function draw(side, face) {
  const zone = document.getElementById(side);
  const { bitmap, file } = chosen[side];
  const canvas = zone.querySelector('canvas.photograph');
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.hidden = false;
  const context = canvas.getContext('2d');
  context.drawImage(bitmap, 0, 0);
  const crop = zone.querySelector('canvas.crop');
  crop.hidden = face === undefined;
  const text = zone.querySelector('.facts');
  text.textContent = file.name + ', ' + bitmap.width + ' x ' + bitmap.height;
  canvas.setAttribute('aria-label', 'The photograph ' + file.name);
  if (face === undefined) return;
  const { left, top, right, bottom } = face.box;
  context.lineWidth = Math.max(2, bitmap.width / 250);
  context.strokeStyle = '#22c55e';
  context.strokeRect(left, top, right - left, bottom - top);
  context.fillStyle = '#f97316';
  for (const [x, y] of face.points) {
    context.beginPath();
    context.arc(x, y, Math.max(2, (right - left) / 40), 0, 2 * Math.PI);
    context.fill();
  }
  crop.getContext('2d').drawImage(bitmap, left, top, right - left, bottom - top, 0, 0, crop.width, crop.height);
  crop.setAttribute('aria-label', 'The face that was compared, cut out of ' + file.name);
  text.textContent += '; a face with score ' + face.score.toFixed(3) + ': ' +
    face.points.map(([x, y], index) => points[index] + ' ' + Math.round(x) + ', ' + Math.round(y)).join('; ');
}
`;
